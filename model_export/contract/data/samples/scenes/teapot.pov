// A blue porcelain teapot on a table by the window.
#include "common.inc"
camera { location <0.6, 2.6, -7.6> look_at <0.12, 0.93, 0> angle 34 right x*4/3 }
Lamp(<-7, 8, -5>, rgb <1.0, 0.97, 0.92>*1.0, 4)
background { rgb <0.44, 0.46, 0.5> }
Table(RGB(92, 60, 38), RGB(160, 116, 76), 0.8, 1.5)
SoftWall(9, RGB(214, 206, 192), RGB(168, 158, 142), 4)
// a window, seen only in the glaze
union {
  box { <-1.6, -1.9, 0>, <-0.1, 1.9, 0.05> } box { <0.1, -1.9, 0>, <1.6, 1.9, 0.05> }
  pigment { rgb 1 } finish { emission 1.6 diffuse 0 } no_image no_shadow no_radiosity
  rotate y*-52 translate <-8, 6.0, -6>
}
#declare Glaze = finish { diffuse 0.8 specular 0.5 roughness 0.004 reflection { 0.02, 0.55 fresnel on } conserve_energy }
#declare Blue = texture { pigment { bozo scale 0.7 color_map { [0 RGB(40, 92, 142)] [1 RGB(46, 98, 148)] } } normal { bumps 0.02 scale 0.3 } finish { Glaze } }
#declare Cream = texture { pigment { RGB(238, 232, 218) } finish { Glaze } }
#declare PotInside = interior { ior 1.5 }
union {
  lathe { bezier_spline 16
    <0, 0.06>, <0.3, 0.06>, <0.55, 0.0>, <0.68, 0.0>,
    <0.68, 0.0>, <1.05, 0.16>, <1.30, 0.48>, <1.27, 0.82>,
    <1.27, 0.82>, <1.24, 1.18>, <0.95, 1.44>, <0.62, 1.52>,
    <0.62, 1.52>, <0.58, 1.55>, <0.56, 1.60>, <0.62, 1.62>
    sturm texture { Blue } }
  torus { 0.68, 0.03 translate y*0.03 texture { Cream } }
  torus { 0.61, 0.035 translate y*1.585 texture { Cream } }
  // lid and knob
  lathe { bezier_spline 12
    <0.56, 1.60>, <0.50, 1.74>, <0.28, 1.80>, <0.13, 1.83>,
    <0.13, 1.83>, <0.07, 1.87>, <0.08, 1.92>, <0.14, 1.97>,
    <0.14, 1.97>, <0.24, 2.06>, <0.17, 2.17>, <0.0, 2.18>
    sturm texture { Blue } }
  // spout
  difference {
    sphere_sweep { cubic_spline 7
      <0.6, 0.3, 0>, 0.36, <1.0, 0.52, 0>, 0.33, <1.38, 0.72, 0>, 0.235, <1.62, 1.05, 0>, 0.165, <1.78, 1.38, 0>, 0.135,
      <2.02, 1.62, 0>, 0.125, <2.3, 1.75, 0>, 0.12 }
    plane { <-0.25, -1, 0>, 0 translate <1.94, 1.56, 0> }
    sphere_sweep { cubic_spline 5
      <1.4, 0.8, 0>, 0.09, <1.62, 1.05, 0>, 0.09, <1.78, 1.38, 0>, 0.092, <2.02, 1.62, 0>, 0.092, <2.3, 1.75, 0>, 0.095 }
    texture { Blue } }
  // handle
  sphere_sweep { cubic_spline 8
    <-0.6, 1.2, 0>, 0.1, <-1.02, 1.24, 0>, 0.12, <-1.45, 1.40, 0>, 0.105, <-1.80, 1.22, 0>, 0.10, <-1.82, 0.82, 0>, 0.10,
    <-1.55, 0.48, 0>, 0.105, <-1.12, 0.40, 0>, 0.13, <-0.7, 0.4, 0>, 0.1
    scale <1, 1, 1.25> texture { Blue } }
  interior { PotInside }
  rotate y*22
  translate <0.05, 0, 0>
}
