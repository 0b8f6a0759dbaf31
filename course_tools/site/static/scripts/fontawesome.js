// Stands in for the theme's script of 1.5 MB, which draws icons that its style draws as well.
